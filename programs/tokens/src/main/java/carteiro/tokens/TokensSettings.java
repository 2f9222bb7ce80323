package carteiro.tokens;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.protocol.BearerTokens;
import carteiro.protocol.BearerTokens.TokenFault;
import carteiro.wire.TlsTrust;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Everything tokens reads from control files.
 *
 * @param issuer whose tokens count
 * @param audiences whom they are made for
 * @param scopes all of which they need
 * @param source what says that a token is good
 * @param claim which names the account
 * @param trust whom the identity provider's certificate is vouched for by
 */
record TokensSettings(
        String issuer, List<String> audiences, List<String> scopes, TokenSource source, String claim, TlsTrust trust) {
    private static final String WELL_KNOWN = "/.well-known/openid-configuration";
    private static final int LONGEST = BearerTokens.LONGEST_HINT - WELL_KNOWN.length();

    TokensSettings {
        audiences = List.copyOf(audiences);
        scopes = List.copyOf(scopes);
    }

    /** What says that a token is good. */
    sealed interface TokenSource {
        /** Its signature, by the provider's keys (RFC 7517). */
        record KeysAt(URI url) implements TokenSource {}

        /** The provider, asked about each token (RFC 7662). */
        record AskedAt(URI url, ClientSecret client) implements TokenSource {}
    }

    /** What a client is told of a token with that fault. */
    TokenFault fault(String status) {
        String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
        return new TokenFault(status, String.join(" ", scopes), issuer.startsWith("https://") ? base + WELL_KNOWN : "");
    }

    /** @throws ControlException naming every problem */
    static TokensSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        String issuer = files.get(Settings.OAUTHISSUER).orElse("");
        if (!isPrintable(issuer) || issuer.indexOf(' ') >= 0) {
            files.problem(
                    Settings.OAUTHISSUER,
                    files.isThere(Settings.OAUTHISSUER) ? 1 : 0,
                    "names no identity provider; write its issuer, as its openid-configuration has it, of at most "
                            + LONGEST + " octets, such as https://id.example.org/");
        }
        List<String> audiences = files.get(Settings.OAUTHAUDIENCE);
        if (audiences.isEmpty()) {
            files.problem(
                    Settings.OAUTHAUDIENCE,
                    0,
                    "names no audience; write what the provider puts into aud of tokens for this host's mail: without"
                            + " it, who runs any other service of the provider could log in with its users' tokens");
        }
        String scope = files.get(Settings.OAUTHSCOPE).orElse("");
        if (!scope.isEmpty() && (!isPrintable(scope) || scope.indexOf('"') >= 0 || scope.indexOf('\\') >= 0)) {
            files.problem(Settings.OAUTHSCOPE, 1, "is no scope; write words of ASCII with single blanks, no \" or \\");
        }
        String claim = files.get(Settings.OAUTHCLAIM);
        if (!isPrintable(claim)) {
            files.problem(Settings.OAUTHCLAIM, 1, "names no claim; write one, such as email or preferred_username");
        }
        TokenSource source = source(files);
        TlsTrust trust = trust(files);
        files.check();
        return new TokensSettings(
                issuer,
                audiences,
                scope.isEmpty() ? List.of() : List.of(scope.strip().split(" +")),
                source,
                claim,
                trust);
    }

    private static boolean isPrintable(String text) {
        return !text.isEmpty() && text.length() <= LONGEST && text.chars().allMatch(c -> c >= ' ' && c <= '~');
    }

    private static TokenSource source(ControlFiles files) {
        boolean keys = files.isThere(Settings.OAUTHJWKS);
        boolean asked = files.isThere(Settings.OAUTHINTROSPECT);
        if (keys == asked) {
            files.problem(
                    keys ? Settings.OAUTHINTROSPECT : Settings.OAUTHJWKS,
                    0,
                    keys
                            ? "is there, and so is control/oauthjwks; tokens are judged in one way: remove one of them"
                            : "is missing, and so is control/oauthintrospect; write the jwks_uri of the provider's"
                                    + " openid-configuration into the first, or its introspection_endpoint into the second");
        }
        URI url = url(files, keys ? Settings.OAUTHJWKS : Settings.OAUTHINTROSPECT);
        return asked && !keys ? new TokenSource.AskedAt(url, client(files)) : new TokenSource.KeysAt(url);
    }

    private static URI url(ControlFiles files, Setting<Optional<String>> setting) {
        String written = files.get(setting).orElse("");
        try {
            var url = new URI(written);
            if ("https".equals(lower(url.getScheme()))
                    && url.getHost() != null
                    && url.getUserInfo() == null
                    && url.getFragment() == null) {
                return url;
            }
        } catch (URISyntaxException e) {
            // said below
        }
        if (files.isThere(setting)) {
            files.problem(setting, 1, "\"" + written + "\" is no URL that begins with https:// and a host");
        }
        return URI.create("https://localhost/");
    }

    private static String lower(@org.jspecify.annotations.Nullable String word) {
        return word == null ? "" : word.toLowerCase(Locale.ROOT);
    }

    private static ClientSecret client(ControlFiles files) {
        String[] lines = files.get(Settings.OAUTHCLIENT).split("\n", -1);
        boolean whole = (lines.length == 2 || lines.length == 3 && lines[2].isEmpty())
                && isPrintable(lines[0])
                && isPrintable(lines[1]);
        if (!whole) {
            files.problem(
                    Settings.OAUTHCLIENT,
                    0,
                    "is missing, or does not hold two lines; write the id that the provider gave to this host into the"
                            + " first and the secret into the second, chown it to qmailo and chmod it 400");
        }
        return whole ? new ClientSecret(lines[0], lines[1]) : new ClientSecret("", "");
    }

    private static TlsTrust trust(ControlFiles files) {
        try {
            Optional<String> pem = files.get(Settings.OAUTHCACERTS);
            return pem.isPresent() ? TlsTrust.in(pem.get()) : TlsTrust.ofJava();
        } catch (GeneralSecurityException e) {
            files.problem(
                    Settings.OAUTHCACERTS,
                    0,
                    "cannot be used (" + e.getMessage() + "); write the authorities' certificates in PEM form");
            try {
                return TlsTrust.ofJava();
            } catch (GeneralSecurityException none) {
                throw new IllegalStateException(none); // every Java has them
            }
        }
    }
}
