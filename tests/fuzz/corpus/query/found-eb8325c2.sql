SELECT a.id, b.tagz FROM input a JOIN other b ON a.id.  !=3
