SELECT a b, c AS d, e `my f` FROM t;
SELECT DISTINCT a FROM t;
SELECT ALL a FROM t;
SELECT /*+ BROADCAST(t1, t2), LOOKUP('table'='c', 'async'='true') */ a FROM t