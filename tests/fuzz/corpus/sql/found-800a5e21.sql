CREAt@ TABLE t WITH ('chits FRr' = 'print')ROM èƒ˝º, hits FROM T, t;
SELECT 'it''s', U&'\058A', X'0c', DATE '2024-01-31' d;, b FROM t