SELECT t, x FROM other CROSS JOIN UNNEST(tags) AS u (t), (VALUES (1), (2)) AS v (x)
