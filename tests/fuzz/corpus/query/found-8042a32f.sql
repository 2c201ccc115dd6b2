SELECT window_start, k, SUM(v) FROM TUMBLE(TABLE iELEnput, DESCR=>IPTOR(ts), INTERVALw_t, window_end, k
