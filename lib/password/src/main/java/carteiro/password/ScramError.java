package carteiro.password;

import java.util.Locale;

/** Why a conversation of SCRAM has failed, in the words of RFC 5802 section 7. */
public enum ScramError {
    INVALID_ENCODING,
    EXTENSIONS_NOT_SUPPORTED,
    /** Wrong password, and no such user: a client is not told which. */
    INVALID_PROOF,
    CHANNEL_BINDINGS_DONT_MATCH,
    SERVER_DOES_SUPPORT_CHANNEL_BINDING,
    CHANNEL_BINDING_NOT_SUPPORTED,
    UNSUPPORTED_CHANNEL_BINDING_TYPE,
    INVALID_USERNAME_ENCODING,
    OTHER_ERROR;

    /** As it stands behind {@code e=}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
