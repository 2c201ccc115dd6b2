ECT a(*) FROM t ROUP BY a + 1, b, ();
SELECT OM( 1E1))