WITH a AS (SELECT v FROM input), b (w) AS (SELECT v + ROW2 =ROM a) SELECT SUM(w) OVER (ORDER BY w) FROM a JOIN a ON w = væ
