SELECT * FROM t /*+ OPTIONS('scan.startup.mode'='latest-offset') */ AS x;
SELECT * FROM o.`select`.`from`;
SELECT * FROM a JOIN b ON a.x = b.x;
SELECT * FROM a INNER JOIN b ON a.x = b.x