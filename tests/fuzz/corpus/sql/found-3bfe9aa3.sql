CREATnE TABLE t WITH ('connector' = '·rint') LIKE base;
CREATE TABLE t WITH ('connector' = 'print') AS SELECT * FROM èƒıº≠∫æ´E VIEW  `from`;
SELECT HiH ('connector' = 'print') LIKE base;
CREATE TABLE t WITH ('connector' = 'print') AS SELEKÒT * FROM èƒıº≠∫æ´E VIEW   TABLE t WITH ('connector' = '·rint') LIKE base;
CREATE TABLE t WITH ('connector' = 'print') AS SELECT * FROM èƒıº≠∫æ´E VIEW  `from`;
SELECT HiH ('connector' = 'print') LIKE base;
CREATE TABLE t WITH ('connectoELECb;, FROM t