module carteiro.password {
    requires static transitive org.jspecify;
    requires carteiro.posix;
    requires org.bouncycastle.provider;

    exports carteiro.password;
}
