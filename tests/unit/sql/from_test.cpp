#include "sql_tester.h"

using namespace weir::sql;

TEST_CASE("tables, files, queries") {
  check_canonical({
      {"SELECT * FROM c.d.t AS x (a, b)", ""},
      {"SELECT * FROM t x", "SELECT * FROM t AS x"},
      {"SELECT * FROM 'logs/access.log' AS l", ""},
      {"SELECT * FROM stdin", ""},
      {"SELECT * FROM `my table`, `join`", ""},
      {"SELECT * FROM (SELECT a FROM t) AS x (y)", ""},
      {"SELECT * FROM (VALUES (1), (2)) AS t (n)", ""},
      {"SELECT * FROM ((SELECT 1) UNION (SELECT 2)) x",
       "SELECT * FROM (SELECT 1 UNION SELECT 2) AS x"},
      {"SELECT * FROM t /*+ OPTIONS('scan.startup.mode'='latest-offset') */ AS x",
       "SELECT * FROM t /*+ OPTIONS('scan.startup.mode' = 'latest-offset') */ AS x"},
      {"SELECT * FROM o.`select`.`from`", ""},
  });
}

TEST_CASE("joins") {
  check_canonical({
      {"SELECT * FROM a JOIN b ON a.x = b.x", ""},
      {"SELECT * FROM a INNER JOIN b ON a.x = b.x", "SELECT * FROM a JOIN b ON a.x = b.x"},
      {"SELECT * FROM a LEFT OUTER JOIN b ON TRUE", "SELECT * FROM a LEFT JOIN b ON TRUE"},
      {"SELECT * FROM a RIGHT JOIN b USING (x, y) FULL JOIN c ON b.z = c.z", ""},
      {"SELECT * FROM a CROSS JOIN b NATURAL JOIN c NATURAL LEFT JOIN d", ""},
      {"SELECT * FROM a, b AS x, c", ""},
      {"SELECT * FROM a JOIN (b JOIN c ON b.x = c.x) ON a.x = b.x", ""},
      {"SELECT * FROM ((SELECT 1) AS a JOIN b ON TRUE) JOIN c ON TRUE", ""},
      {"SELECT * FROM o JOIN r FOR SYSTEM_TIME AS OF o.ts AS r ON o.c = r.c", ""},
      {"SELECT * FROM o JOIN r FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01 00:00:00' ON TRUE", ""},
      {"SELECT * FROM a LEFT JOIN b ON a.ts BETWEEN b.ts - INTERVAL '1' HOUR AND b.ts", ""},
  });
}

TEST_CASE("lateral sources and UNNEST") {
  check_canonical({
      {"SELECT * FROM t CROSS JOIN UNNEST(t.tags) AS x (tag)", ""},
      {"SELECT * FROM t CROSS JOIN UNNEST(tags) WITH ORDINALITY AS x (tag, n)", ""},
      {"SELECT * FROM t, LATERAL (SELECT * FROM u WHERE u.a = t.a) AS x", ""},
      {"SELECT * FROM t LEFT JOIN LATERAL TABLE(split(t.a)) AS x (w) ON TRUE",
       "SELECT * FROM t LEFT JOIN LATERAL TABLE(SPLIT(t.a)) AS x (w) ON TRUE"},
      {"SELECT * FROM UNNEST(ARRAY[1, 2])", ""},
  });
}

TEST_CASE("window table functions, positional and named") {
  check_canonical({
      {"SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' MINUTES))",
       "SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' MINUTE))"},
      {"SELECT * FROM tumble(TABLE t, DESCRIPTOR(ts), INTERVAL '10' MINUTE, INTERVAL '1' MINUTE)",
       "SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' MINUTE, "
       "INTERVAL '1' MINUTE))"},
      {"SELECT * FROM TABLE(HOP(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '5' "
       "MINUTE, SIZE => INTERVAL '10' MINUTE)) AS w",
       ""},
      {"SELECT * FROM TABLE(CUMULATE(TABLE c.t, DESCRIPTOR(ts), INTERVAL '2' MINUTE, INTERVAL '10' "
       "MINUTE))",
       ""},
      {"SELECT * FROM TABLE(SESSION(TABLE t PARTITION BY item, DESCRIPTOR(ts), INTERVAL '5' "
       "MINUTE))",
       "SELECT * FROM TABLE(SESSION(TABLE t PARTITION BY (item), DESCRIPTOR(ts), INTERVAL '5' "
       "MINUTE))"},
      {"SELECT * FROM TABLE(SESSION(TABLE t PARTITION BY (a, b) ORDER BY ts, DESCRIPTOR(ts), "
       "INTERVAL '5' MINUTE))",
       "SELECT * FROM TABLE(SESSION(TABLE t PARTITION BY (a, b) ORDER BY (ts), DESCRIPTOR(ts), "
       "INTERVAL '5' MINUTE))"},
      {"SELECT * FROM TABLE(TUMBLE((SELECT * FROM t), DESCRIPTOR(ts), INTERVAL '1' DAY))", ""},
      {"SELECT * FROM TABLE(TUMBLE(TABLE (SELECT * FROM t), DESCRIPTOR(ts), INTERVAL '1' DAY))",
       "SELECT * FROM TABLE(TUMBLE((SELECT * FROM t), DESCRIPTOR(ts), INTERVAL '1' DAY))"},
      {"SELECT * FROM TABLE(TUMBLE(TABLE 'a.log', DESCRIPTOR(ts), INTERVAL '1' DAY))", ""},
  });
}
