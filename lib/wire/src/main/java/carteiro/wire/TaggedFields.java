package carteiro.wire;

import java.util.ArrayList;
import java.util.List;

/**
 * The fields at the end of a frame that have a tag each (docs/protocols/README.md): {@code TAG=OCTETS}, or {@code TAG!OCTETS} if a
 * reader that does not know the tag must refuse the frame. Each is taken by its tag; {@link #end} tells what is left.
 */
public final class TaggedFields {
    /** The greatest tag. */
    public static final int MOST_TAG = 9_999;

    /** The most of them in one frame. */
    static final int MOST = 64;

    static final char OPTIONAL = '=';
    static final char REQUIRED = '!';

    private static final TaggedFields NONE = new TaggedFields(List.of());

    private record TaggedField(int tag, boolean required, String octets) {}

    private final List<TaggedField> fields;

    private TaggedFields(List<TaggedField> fields) {
        this.fields = fields;
    }

    static TaggedFields of(FrameReader frame) throws MalformedFrameException {
        if (!frame.more()) {
            return NONE;
        }
        var fields = new ArrayList<TaggedField>();
        int last = 0;
        while (frame.more()) {
            TaggedField field = field(frame.text(Integer.MAX_VALUE));
            if (field.tag <= last || fields.size() == MOST) {
                throw new MalformedFrameException("tagged fields are too many or not in the order of their tags");
            }
            last = field.tag;
            fields.add(field);
        }
        return new TaggedFields(fields);
    }

    private static TaggedField field(String text) throws MalformedFrameException {
        int tag = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (tag > 0 && (c == OPTIONAL || c == REQUIRED)) {
                return new TaggedField(tag, c == REQUIRED, text.substring(i + 1));
            }
            if (c < '0' || c > '9' || tag == 0 && c == '0') {
                break;
            }
            tag = tag * 10 + (c - '0');
            if (tag > MOST_TAG) {
                break;
            }
        }
        throw new MalformedFrameException("frame has more fields than agreed, and not by a tag");
    }

    /**
     * Takes the field of that tag.
     *
     * @return its octets, at most {@code limit}; none if it is not there
     */
    public String take(int tag, int limit) throws MalformedFrameException {
        for (TaggedField field : fields) {
            if (field.tag == tag) {
                if (field.octets.length() > limit) {
                    throw new MalformedFrameException("field with tag " + tag + " is over " + limit + " octets");
                }
                fields.remove(field);
                return field.octets;
            }
        }
        return "";
    }

    /** Checks that what is left may be passed over. */
    public void end() throws MalformedFrameException {
        for (TaggedField field : fields) {
            if (field.required) {
                throw new MalformedFrameException("field with tag " + field.tag
                        + " must not be passed over and is not known here; install the newer build here, too");
            }
        }
    }
}
