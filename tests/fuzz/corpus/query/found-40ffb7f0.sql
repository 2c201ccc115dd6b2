WITH a AS (SELECT v FROM input), b (w) AS (SELECT v + 2 FROM a) SELECT SUM(w) OVER (ORDER BY w) FROM b JOIN a ON w - v
