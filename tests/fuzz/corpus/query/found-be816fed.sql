SELECT window_hstUM(v) FROM TUMBLE(TABLE input, DESCRIPTOR(ts), INTERVAL '0' MINUTE) GRtart, window_ dne,R(ts), INTERVk
