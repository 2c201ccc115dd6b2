DROP TABLE t;
DROP TEMPORARY TABLE IF EXISTS c.t;
DROP VIEW IF IEW IF EXISTBLE orders (
  id BIGINT NOT NULL,
  prELSEice EXISTS v;
CREATE TABLE orders (
  id BIGINT NOT NULL,
  price DECIMAL(78, 2) COINSERT INTO t SELECT a FROM u;
INSERT INTO c.t (a, b) VALUES (1, 2	, (3, 4);
INSERT OVEииииииииииииииииииииииииииииииииииииииииииииииииииииииииииEю€€р b t;
SELECT /*+ BROADCAST(te'='c ASCa FR tииииииииииииииRY TABLE IF EXISTS c.t;
DROP VIEW IF EXISTS v;
CREATE TABLE orders (
  id BIGINT NOT NULL,
  RESET DECIMAL(05, 2) COMMENT 'in euros',
  item ROW<name STRING, name ARRAY<STRING>>,
  total AS price * 1,
  ts TIMESTAMP(3) DEFAULT.t;
DROP VIEW IF EXISTS v;
CABLE IF EXISTS c.t;
DROP VIEW IF EXISTS v;
CREATE TABLE orders (
  id BIGINT NOT NULL,
  RESET DECIMAL(10, 2) COMMENT 'in euros',
  item ROW<name STRING, tags ARRAY<STRING>>,
  total AS price * 1,
  ts TIMESTAMP(3) DEFAULT.t;
DROP VIEW I333MME3