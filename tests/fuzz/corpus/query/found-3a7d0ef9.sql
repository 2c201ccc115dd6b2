SET a.aa.at!I
