CREAE t WITµH ('connecto>=r' = 'print') LBEIhits FROM T, t;
SELECT 'it''s', U&'\950A', X'0c', DATE ''2024-01-31' d b;, FROM t