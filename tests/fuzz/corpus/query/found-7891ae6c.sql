SELECT id FROM input WHERE v IN (p,t,utid)
