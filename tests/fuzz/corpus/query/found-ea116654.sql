SELECT window_start, k, SUM(v) FROM TUMBLE(TABLE input, DESCRIPTOR(ts), INTERVAL '0' MINUTE) GROUP BY window_start, window_end, k
