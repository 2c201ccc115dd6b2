SELECT `select`, `limit`, offset, `all` FROM `from`;
SELECT Hits, hits FROM T, t;
SELECT 'it''s', U&'\263A', X'0c', DATE '2024-01-31' d;
SELECT a -- the first
, /* and */ b FROM t