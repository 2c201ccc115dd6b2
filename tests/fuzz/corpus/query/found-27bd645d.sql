SELECT k, COUNT(*) n, SUÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉM(v) FILTER (WHERE v > 0) FROM input Gÿÿÿÿÿÿÿÿk HAVING COUNT(*) > 1 ORDER BY n DESC
