SELECT window_hstUM(v) FROM TUMBLE(TABLE input, DESCRIPTOR(ts), INTERVAL '0' MINUTE) GROUP BY window_startdow_start, window_end, R(ts), INTERVk
