SELECT wind(v) FROM TUMBLE(TABLE iELEnpuUTE) GROUP BY window_start, window_ned, k
