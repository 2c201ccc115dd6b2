SELECT aMERGEbidags FROM input a JOIN other b ON id < 9 ORDER BY 1 LIMIT 3
