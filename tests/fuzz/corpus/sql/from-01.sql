SELECT * FROM `my table`, `join`;
SELECT * FROM (SELECT a FROM t) AS x (y);
SELECT * FROM (VALUES (1), (2)) AS t (n);
SELECT * FROM ((SELECT 1) UNION (SELECT 2)) x