package carteiro.password;

import static java.nio.charset.StandardCharsets.UTF_8;

import carteiro.password.ScramStep.ScramContinues;
import carteiro.password.ScramStep.ScramFails;
import carteiro.password.ScramStep.ScramSucceeds;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A server's side of one login by SCRAM-SHA-1 or SCRAM-SHA-256, with channel binding or without (RFC 5802, RFC 7677). It is given the
 * client's two messages and says what to answer. One thread; no I/O but the directory's.
 *
 * <p>An unknown user is answered as a known one is, with a salt that stays, and fails at the end. A user may log in as himself only.
 */
public final class ScramServer {
    private final ScramHash hash;
    private final boolean plus;
    private final List<ChannelBinding> bindings;
    private final Supplier<String> nonces;
    private final ScramDirectory directory;
    private final ScramSalts salts;
    private @Nullable ScramLogin login;
    private boolean begun;

    /** What the first message has told. */
    private record ScramLogin(
            String user,
            ScramKeys keys,
            boolean known,
            String gs2,
            @Nullable ChannelBinding binding,
            String bare,
            String nonce,
            String challenge) {}

    /**
     * A login.
     *
     * @param mechanism as the client has named it, in capitals: SCRAM-SHA-256-PLUS, for instance
     * @param bindings of this connection: what mechanisms with -PLUS were announced for; empty if none was
     * @param salts for unknown users
     * @throws IllegalArgumentException if the mechanism is none of the four, or has -PLUS without a binding
     */
    public ScramServer(
            String mechanism,
            List<ChannelBinding> bindings,
            ScramDirectory directory,
            ScramSalts salts,
            SecureRandom random) {
        this(mechanism, bindings, directory, salts, ScramText.nonces(random));
    }

    ScramServer(
            String mechanism,
            List<ChannelBinding> bindings,
            ScramDirectory directory,
            ScramSalts salts,
            Supplier<String> nonces) {
        plus = mechanism.endsWith("-PLUS");
        hash = ScramHash.named(plus ? mechanism.substring(0, mechanism.length() - "-PLUS".length()) : mechanism)
                .orElseThrow(() -> new IllegalArgumentException("no mechanism of SCRAM that is known here"));
        if (plus && bindings.isEmpty()) {
            throw new IllegalArgumentException("a mechanism with channel binding on a connection without");
        }
        this.bindings = List.copyOf(bindings);
        this.directory = directory;
        this.salts = salts;
        this.nonces = nonces;
    }

    private static ScramFails malformed(String reason) {
        return new ScramFails(ScramError.OTHER_ERROR, reason);
    }

    // ---- client-first-message

    /**
     * Reads the client's first message: goes on with the server's first, or fails.
     *
     * @throws IOException if the directory cannot tell now
     */
    public ScramStep first(byte[] message) throws IOException {
        if (begun) {
            throw new IllegalStateException("a second first message");
        }
        begun = true;
        Optional<String> decoded = ScramText.decode(message);
        if (decoded.isEmpty()) {
            return new ScramFails(ScramError.INVALID_ENCODING, "the first message is too long or no UTF-8");
        }
        String text = decoded.get();
        String[] parts = text.split(",", -1);
        if (parts.length < 4) {
            return malformed("the first message has fewer than four parts");
        }
        ChannelBinding binding = null;
        String flag = parts[0];
        if (flag.startsWith("p=")) {
            binding = bindings.stream()
                    .filter(each -> each.type().equals(flag.substring(2)))
                    .findFirst()
                    .orElse(null);
        }
        Optional<ScramFails> wrongFlag = checkFlag(flag, binding);
        if (wrongFlag.isPresent()) {
            return wrongFlag.get();
        }
        if (ScramText.isMandatoryExtension(parts[2])) {
            return new ScramFails(ScramError.EXTENSIONS_NOT_SUPPORTED, "the client asks for an extension");
        }
        Optional<String> named = ScramText.value(parts[2], 'n');
        Optional<String> nonce = ScramText.value(parts[3], 'r').filter(ScramText::isNonce);
        if (named.isEmpty() || nonce.isEmpty()) {
            return malformed("the first message lacks a name or a nonce");
        }
        Optional<ScramFails> wrongExtension = checkExtensions(parts, 4, parts.length);
        if (wrongExtension.isPresent()) {
            return wrongExtension.get();
        }
        Optional<String> user =
                ScramText.decodeName(named.get()).flatMap(SaslPrep::prepare).filter(name -> !name.isEmpty());
        if (user.isEmpty()) {
            return new ScramFails(ScramError.INVALID_USERNAME_ENCODING, "the name cannot be prepared");
        }
        String authzid = parts[1];
        if (!authzid.isEmpty()) {
            Optional<String> other = ScramText.value(authzid, 'a').flatMap(ScramText::decodeName);
            if (other.isEmpty()) {
                return malformed("the name to act as is malformed");
            }
            if (!other.get().equals(user.get())
                    && !other.flatMap(SaslPrep::prepare).equals(user)) {
                return malformed("the client asks to act as another user");
            }
        }
        Optional<ScramKeys> known = directory.keys(user.get(), hash);
        ScramKeys keys = known.orElseGet(() -> salts.unknown(hash, user.get()));
        if (keys.hash() != hash) {
            throw new IllegalArgumentException("keys for " + keys.hash() + " instead of " + hash);
        }
        String both = nonce.get() + nonces.get();
        String challenge = "r=" + both + ",s=" + ScramText.encodeBase64(keys.salt()) + ",i=" + keys.iterations();
        int header = flag.length() + 1 + authzid.length() + 1;
        login = new ScramLogin(
                user.get(),
                keys,
                known.isPresent(),
                text.substring(0, header),
                binding,
                text.substring(header),
                both,
                challenge);
        return new ScramContinues(challenge);
    }

    /** RFC 5802 section 6. */
    private Optional<ScramFails> checkFlag(String flag, @Nullable ChannelBinding binding) {
        if (flag.startsWith("p=")) {
            if (!plus) {
                return Optional.of(new ScramFails(
                        ScramError.CHANNEL_BINDING_NOT_SUPPORTED, "channel binding in a mechanism without"));
            }
            return binding != null
                    ? Optional.empty()
                    : Optional.of(new ScramFails(
                            ScramError.UNSUPPORTED_CHANNEL_BINDING_TYPE,
                            "a type of channel binding that is not known here"));
        }
        return switch (flag) {
            case "y" ->
                bindings.isEmpty()
                        ? Optional.empty()
                        : Optional.of(
                                new ScramFails(
                                        ScramError.SERVER_DOES_SUPPORT_CHANNEL_BINDING,
                                        "the client has not seen -PLUS, which was announced: somebody may have removed it on the way"));
            case "n" ->
                plus
                        ? Optional.of(malformed("a mechanism with channel binding, and none in the message"))
                        : Optional.empty();
            default -> Optional.of(malformed("the first message does not begin with n, y or p="));
        };
    }

    private static Optional<ScramFails> checkExtensions(String[] parts, int from, int to) {
        for (int i = from; i < to; i++) {
            if (ScramText.isMandatoryExtension(parts[i])) {
                return Optional.of(
                        new ScramFails(ScramError.EXTENSIONS_NOT_SUPPORTED, "the client asks for an extension"));
            }
            if (!ScramText.isExtension(parts[i])) {
                return Optional.of(malformed("an attribute is malformed"));
            }
        }
        return Optional.empty();
    }

    // ---- client-final-message

    /** Reads the client's last message, after {@link #first} went on: succeeds or fails. */
    public ScramStep last(byte[] message) {
        ScramLogin now = login;
        if (now == null) {
            throw new IllegalStateException("a last message before a first one that is right, or a second last one");
        }
        login = null;
        Optional<String> decoded = ScramText.decode(message);
        if (decoded.isEmpty()) {
            return new ScramFails(ScramError.INVALID_ENCODING, "the last message is too long or no UTF-8");
        }
        String text = decoded.get();
        String[] parts = text.split(",", -1);
        if (parts.length < 3) {
            return malformed("the last message has fewer than three parts");
        }
        if (ScramText.isMandatoryExtension(parts[0])) {
            return new ScramFails(ScramError.EXTENSIONS_NOT_SUPPORTED, "the client asks for an extension");
        }
        int end = parts.length - 1;
        Optional<ScramFails> wrongExtension = checkExtensions(parts, 2, end);
        if (wrongExtension.isPresent()) {
            return wrongExtension.get();
        }
        Optional<String> bound = ScramText.value(parts[0], 'c');
        Optional<String> nonce = ScramText.value(parts[1], 'r');
        Optional<String> proved = ScramText.value(parts[end], 'p');
        if (bound.isEmpty() || nonce.isEmpty() || proved.isEmpty()) {
            return malformed("the last message lacks the binding, the nonce or the proof");
        }
        Optional<byte[]> binding = ScramText.decodeBase64(bound.get());
        Optional<byte[]> proof = ScramText.decodeBase64(proved.get());
        if (binding.isEmpty() || proof.isEmpty()) {
            return new ScramFails(ScramError.INVALID_ENCODING, "the last message has base64 that is not well-formed");
        }
        if (!MessageDigest.isEqual(binding.get(), bindingInput(now.gs2, now.binding))) {
            return new ScramFails(
                    ScramError.CHANNEL_BINDINGS_DONT_MATCH,
                    "the client is bound to another connection or has sent another first message");
        }
        if (!MessageDigest.isEqual(nonce.get().getBytes(UTF_8), now.nonce.getBytes(UTF_8))) {
            return malformed("the last message has another nonce");
        }
        if (proof.get().length != hash.length()) {
            return new ScramFails(ScramError.INVALID_PROOF, "the proof has another length");
        }
        String withoutProof = text.substring(0, text.length() - parts[end].length() - 1);
        byte[] all = (now.bare + "," + now.challenge + "," + withoutProof).getBytes(UTF_8);
        byte[] clientKey = ScramText.exclusiveOr(proof.get(), hash.hmac(now.keys.storedKey(), all));
        boolean proven = MessageDigest.isEqual(hash.of(clientKey), now.keys.storedKey());
        Arrays.fill(clientKey, (byte) 0);
        if (!proven || !now.known) {
            return new ScramFails(
                    ScramError.INVALID_PROOF,
                    now.known ? "wrong password" : "no such user, or none with keys for SCRAM");
        }
        return new ScramSucceeds("v=" + ScramText.encodeBase64(hash.hmac(now.keys.serverKey(), all)), now.user);
    }

    /** What stands in base64 behind {@code c=}. */
    static byte[] bindingInput(String gs2, @Nullable ChannelBinding binding) {
        byte[] header = gs2.getBytes(UTF_8);
        if (binding == null) {
            return header;
        }
        byte[] octets = binding.octets();
        byte[] both = Arrays.copyOf(header, header.length + octets.length);
        System.arraycopy(octets, 0, both, header.length, octets.length);
        return both;
    }
}
