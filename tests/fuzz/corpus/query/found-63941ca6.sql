SELECT window_hstart, k, SUM(v) FROM TUMBLE(TABLE input, DESCRIPTOR(ts), INTERINUTE) GROUP BY window_start, window_end, k
