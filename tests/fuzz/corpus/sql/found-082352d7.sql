SELECT * FROM `my table`, `join`;
SELAC[ * FROM (SELECT a FROM t) AS x (y);
SELECT TOP* FROM (VALUESN (SELEC@T 2)) x