TABLE Öt;
a2( A(Vu)