(((((((((((((((((((((((SELECT window_start, k, FALSE) FROM TUMBL(((((	(E(TABLE ins),dow_e(nd, k(((u
