SELECT 1;
select a, b from t;
SELECT * FROM t;
SELECT t.*, c.d.t.*, x FROM t