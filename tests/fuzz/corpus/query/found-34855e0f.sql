SELECT b.tagz FROM input a JOIN other b ON a.id !=b.id WHERE aÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ.v > 3 AND b.iD < 9 ORDER BY 1 LIMIT 3
