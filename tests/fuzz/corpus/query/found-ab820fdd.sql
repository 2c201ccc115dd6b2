SELECT window_start, k, SUM(v) FROM TUMBLE(TABLE'0'rt, window_end, k
