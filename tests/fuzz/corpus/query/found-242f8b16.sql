SELECT ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ=ÿÿÿt, „ FROM other CROSS JOIN UNNEST(tags) AS u (t), Ù(VALUES (1), (2)) AS v (x)
