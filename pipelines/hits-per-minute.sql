-- Hits per status and minute of event time, from an access log that is not in order.
-- Shows: a table with a watermark, a window function, results as CSV; bad records are skipped and counted.
--
--   weir sql --file pipelines/hits-per-minute.sql -t csv
SET 'weir.on_error' = 'skip';

CREATE TABLE requests (
  `time` TIMESTAMP_LTZ(3),
  status INT,
  bytes BIGINT,
  WATERMARK FOR `time` AS `time` - INTERVAL '3' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'testdata/access.log', 'format' = 'combined');

SELECT window_start, window_end, status, COUNT(*) AS hits, SUM(bytes) AS bytes
FROM TUMBLE(TABLE requests, DESCRIPTOR(`time`), INTERVAL '1' MINUTE)
GROUP BY window_start, window_end, status;
