SELECT ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ=ÿÿÿt, „ FROM other CROSS JOIN UNNEST(tags) Aher CROSS JOIN UNNEST(tags) AS u (x)
