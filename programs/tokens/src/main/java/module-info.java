module carteiro.tokens {
    requires static org.jspecify;
    requires java.net.http;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.control;
    requires carteiro.protocol;
    requires com.nimbusds.jose.jwt;

    provides carteiro.protocol.Program with
            carteiro.tokens.TokensProgram;
}
