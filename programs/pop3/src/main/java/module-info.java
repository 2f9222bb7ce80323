module carteiro.pop3 {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.posix;
}
