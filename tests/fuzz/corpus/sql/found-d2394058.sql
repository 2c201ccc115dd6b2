EXPLAIN EXECU xUS;
SELECT * FROM 'logs/access.l
SELECT * CT 1; ESE* FROM 'loog' AS El;
SELECT * FROM stdin