SELECT k, CÿsO«±«×ÕÖßºSµµµµµµµT (VALUES ( n, SUM(v) FILTER (WHERE LTER (WHERE v > 0IN COUN6(*) > 1 OSC
