package carteiro.idna;

import carteiro.mail.Octets;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The forms of a domain name. A domain may be written in ASCII ({@code xn--strae-oqa.example}, A-labels) or in UTF-8
 * ({@code straße.example}, U-labels); both are one domain (RFC 5890 section 2.3.2.4). Each label has its forms by itself,
 * whatever the others are. All names here are octet strings,
 * one character an octet. Any thread.
 */
public final class DomainName {
    /** The longest name that is looked at, in octets; as long as an address may be. A longer one is compared by octets. */
    static final int LIMIT = 1000;

    /** The longest label, and the longest name without its last dot (RFC 1035 section 2.3.4). */
    static final int LONGEST_LABEL = 63;

    static final int LONGEST_NAME = 253;

    /** What ends a label: UTS 46 maps the other three to the first. */
    private static final Pattern DOTS = Pattern.compile("[.\u3002\uff0e\uff61]");

    private DomainName() {}

    /**
     * What two names of one domain have in common, for tables and comparisons: the ASCII form in lower case. A name that
     * is no domain name stays as it is, but for the case of ASCII letters. A dot at the start, which stands for "all below"
     * in control files, stays.
     */
    public static String key(String name) {
        return Octets.areAscii(name) ? Octets.lowerCase(name) : encoded(name).orElseGet(() -> Octets.lowerCase(name));
    }

    /** The key of an address: the local part with its ASCII letters in lower case, and the domain's key. */
    public static String addressKey(String address) {
        int at = address.lastIndexOf('@');
        return Octets.lowerCase(address.substring(0, at + 1)) + key(address.substring(at + 1));
    }

    /**
     * The name that the DNS knows: ASCII, in lower case.
     *
     * @return empty if the name is beyond ASCII and no domain can have it; what is ASCII is not checked
     */
    public static Optional<String> ascii(String name) {
        if (Octets.areAscii(name)) {
            return Optional.of(Octets.lowerCase(name));
        }
        return encoded(name).filter(DomainName::fitsTheDns);
    }

    /** The name as people read it, in UTF-8; a label that has no such form stays as it is, but in lower case. */
    public static String unicode(String name) {
        if (name.length() > LIMIT || Octets.areAscii(name) && !hasALabel(name)) {
            return Octets.lowerCase(name);
        }
        return text(name)
                .map(text ->
                        eachLabel(text, label -> Uts46.label(label).or(() -> Optional.of(Octets.lowerCase(label)))))
                .flatMap(labels -> labels)
                .map(labels -> Octets.text(String.join(".", labels).getBytes(StandardCharsets.UTF_8)))
                .orElseGet(() -> Octets.lowerCase(name));
    }

    /** Every form that a directory may hold the name in, each once: in ASCII, as people read it, and as it is given. */
    public static List<String> forms(String name) {
        var forms = new LinkedHashSet<String>();
        forms.add(key(name));
        forms.add(unicode(name));
        forms.add(Octets.lowerCase(name));
        return List.copyOf(forms);
    }

    private static boolean hasALabel(String name) {
        String lowered = Octets.lowerCase(name);
        return lowered.startsWith(Uts46.PREFIX) || lowered.contains("." + Uts46.PREFIX);
    }

    private static Optional<String> encoded(String name) {
        return name.length() > LIMIT
                ? Optional.empty()
                : text(name)
                        .flatMap(text -> eachLabel(text, DomainName::encodedLabel))
                        .map(labels -> String.join(".", labels));
    }

    /** A label in ASCII is looked at no more than a whole name in ASCII is: what it stands next to changes nothing. */
    private static Optional<String> encodedLabel(String label) {
        return Octets.areAscii(label)
                ? Optional.of(Octets.lowerCase(label))
                : Uts46.label(label).map(DomainName::asciiLabel);
    }

    /** Empty if one of the labels has no answer. */
    private static Optional<List<String>> eachLabel(String name, Function<String, Optional<String>> form) {
        var labels = new ArrayList<String>();
        for (String label : DOTS.split(name, -1)) {
            Optional<String> formed = form.apply(label);
            if (formed.isEmpty()) {
                return Optional.empty();
            }
            labels.add(formed.get());
        }
        return Optional.of(labels);
    }

    private static Optional<String> text(String name) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder() // reports what is not UTF-8
                    .decode(ByteBuffer.wrap(Octets.bytes(name)))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** A label as people read it in ASCII. */
    static String asciiLabel(String label) {
        return Octets.areAscii(label) ? label : Uts46.PREFIX + Punycode.encode(label);
    }

    /** Whether no label but that of the root is empty, and neither a label nor the whole is too long. */
    static boolean fitsTheDns(String ascii) {
        String name = ascii.endsWith(".") ? ascii.substring(0, ascii.length() - 1) : ascii;
        return name.length() <= LONGEST_NAME
                && Arrays.stream(name.split("\\.", -1))
                        .allMatch(label -> !label.isEmpty() && label.length() <= LONGEST_LABEL);
    }

    /** Whether a text can be a host's name: labels of letters, digits, hyphens and underscores, or of octets beyond ASCII; 255 at most. */
    public static boolean isHost(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean fits = c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || c == '-'
                    || c == '.'
                    || c == '_'
                    || c > 127;
            if (!fits) {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= 255 && !text.startsWith(".") && !text.contains("..");
    }
}
