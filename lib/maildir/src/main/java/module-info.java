module carteiro.maildir {
    requires static transitive org.jspecify;
    requires transitive carteiro.mail;
    requires carteiro.posix;

    exports carteiro.maildir;
}
