SELECT * FROM c.d.t AS x (a, b);
SELECT * FROM t x;
SELECT * FROM 'logs/access.log' AS l;
SELECT * FROM stdin