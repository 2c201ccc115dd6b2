SELECT k,ut GROUP BY ROLLUP (k, id)
 GROUP BY RO (k, id)
