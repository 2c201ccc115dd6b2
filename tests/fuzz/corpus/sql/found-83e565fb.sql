DROP TABLE t;
DROP TEMPORARY TABLE IF EXISTS c.t;
DROP VIEW IF EXISTS v;
CREATE TABLE orders (
  id BIGINT NOT NULL,
  price DECIMAL(10, 2) COMMENT 'in euros',
  item ROW<ÿÿÿÿÿÿÿÿÿÿÿÿÿname STRING, tags ARRAY<STRING>>,
  total AS price * 2,
  ts TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL,
  `offset` BIGINT METADATA,
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,
  PRIMARY KEY (id, ts) NOT ENFORCED
)
COMMENT 'all of them'
PARTITIONED BY (day, hour)
WITH (
  'connector' = 'filesystem',
  'path' = 'it''s here'
)