@SuppressWarnings("module") // a name that ends in a digit: the protocol has it
module carteiro.pop3 {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.posix;
}
