SELECT t% x FROM other CROSS JOIN UNNEST(tags)S JOIN UNNEST(tags) AS u AS u (t+, (VALUES (0), (2)) AS v(x)
