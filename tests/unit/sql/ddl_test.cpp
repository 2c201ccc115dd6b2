#include "sql_tester.h"

using namespace weir::sql;

TEST_CASE("CREATE TABLE") {
  check_canonical({
      {R"(CREATE TABLE orders (
  id BIGINT NOT NULL,
  price DECIMAL(10, 2) COMMENT 'in euros',
  item ROW<name STRING, tags ARRAY<STRING>>,
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
))",
       R"(CREATE TABLE orders (
  id BIGINT NOT NULL,
  price DECIMAL(10, 2) COMMENT 'in euros',
  item ROW<name STRING, tags ARRAY<STRING>>,
  total AS price * 2,
  ts TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL,
  offset BIGINT METADATA,
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,
  PRIMARY KEY (id, ts) NOT ENFORCED
)
COMMENT 'all of them'
PARTITIONED BY (day, hour)
WITH (
  'connector' = 'filesystem',
  'path' = 'it''s here'
))"},
      {"CREATE TEMPORARY TABLE IF NOT EXISTS c.d.t (id INT PRIMARY KEY NOT ENFORCED)",
       "CREATE TEMPORARY TABLE IF NOT EXISTS c.d.t (\n  id INT PRIMARY KEY NOT ENFORCED\n)"},
      {"CREATE TABLE t (a VARCHAR(20) NOT NULL, b TIMESTAMP(3) WITH LOCAL TIME ZONE)",
       "CREATE TABLE t (\n  a STRING NOT NULL,\n  b TIMESTAMP_LTZ(3)\n)"},
      {"CREATE TABLE t (a INT -- what it is\n NOT NULL, CONSTRAINT pk PRIMARY KEY (a) NOT "
       "ENFORCED)",
       "CREATE TABLE t (\n  a INT NOT NULL,\n  PRIMARY KEY (a) NOT ENFORCED\n)"},
      {"CREATE TABLE t (WATERMARK FOR a.b AS a.b) LIKE base (INCLUDING ALL, OVERWRITING OPTIONS "
       "EXCLUDING GENERATED)",
       "CREATE TABLE t (\n  WATERMARK FOR a.b AS a.b\n)\nLIKE base (INCLUDING ALL OVERWRITING "
       "OPTIONS "
       "EXCLUDING GENERATED)"},
      {"CREATE TABLE t WITH ('connector' = 'print') LIKE base",
       "CREATE TABLE t\nWITH (\n  'connector' = 'print'\n)\nLIKE base"},
      {"CREATE TABLE t WITH ('connector' = 'print') AS SELECT * FROM u",
       "CREATE TABLE t\nWITH (\n  'connector' = 'print'\n)\nAS SELECT * FROM u"},
  });
}

TEST_CASE("views and DROP") {
  check_canonical({
      {"CREATE VIEW v AS SELECT a FROM t", ""},
      {"CREATE TEMPORARY VIEW IF NOT EXISTS v (x, y) COMMENT 'two' AS SELECT a, b FROM t", ""},
      {"DROP TABLE t", ""},
      {"DROP TEMPORARY TABLE IF EXISTS c.t", ""},
      {"DROP VIEW IF EXISTS v", ""},
  });
}
