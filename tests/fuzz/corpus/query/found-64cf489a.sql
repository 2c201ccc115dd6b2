SELECT window_start, k, SUM(v) FROM TUMBLE(TABLE input, DESàend, k
