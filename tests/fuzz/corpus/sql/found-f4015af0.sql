CREATE TABLE täWITH ('connector' = 'print') LIKE base;
CREATE TABLE t†WITH ('connector' = 'print') AS SELECT * FROM èƒıº≠∫æ´E VIEW  ROM T, t;
≠ªLE'T Cit''s', U&M t