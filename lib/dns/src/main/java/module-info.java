module carteiro.dns {
    requires static transitive org.jspecify;
    requires transitive carteiro.mail;
    requires transitive carteiro.control;
    requires org.dnsjava;

    exports carteiro.dns;
}
