//! What is known of the JDK without having it: which names are its own, and what a few of its types declare.

/// Packages outside of `java` that the JDK has (Java 17 to 25; source: the module pages of the API specification).
const PACKAGES: [&str; 50] = [
    "java/",
    "jdk/",
    "sun/",
    "javax/accessibility/",
    "javax/annotation/processing/",
    "javax/crypto/",
    "javax/imageio/",
    "javax/lang/model/",
    "javax/management/",
    "javax/naming/",
    "javax/net/",
    "javax/print/",
    "javax/rmi/ssl/",
    "javax/script/",
    "javax/security/auth/",
    "javax/security/cert/",
    "javax/security/sasl/",
    "javax/smartcardio/",
    "javax/sound/",
    "javax/sql/",
    "javax/swing/",
    "javax/tools/",
    "javax/transaction/xa/",
    "javax/xml/catalog/",
    "javax/xml/crypto/",
    "javax/xml/datatype/",
    "javax/xml/namespace/",
    "javax/xml/parsers/",
    "javax/xml/stream/",
    "javax/xml/transform/",
    "javax/xml/validation/",
    "javax/xml/xpath/",
    "javax/xml/XMLConstants",
    "com/sun/beans/",
    "com/sun/crypto/",
    "com/sun/imageio/",
    "com/sun/java/",
    "com/sun/jmx/",
    "com/sun/jndi/",
    "com/sun/management/",
    "com/sun/naming/",
    "com/sun/net/",
    "com/sun/nio/",
    "com/sun/org/apache/",
    "com/sun/rowset/",
    "com/sun/security/",
    "org/ietf/jgss/",
    "org/w3c/dom/",
    "org/xml/sax/",
    "netscape/javascript/",
];

/// Whether the JDK has, or may have, the class of that name.
pub(super) fn is_jdk(name: &str) -> bool {
    PACKAGES.iter().any(|package| name.starts_with(package))
}

/// Whether a class of `javax` is one of Java EE's, which are named `jakarta` since Jakarta EE 9 and Keycloak 22.
pub(super) fn is_java_ee(name: &str) -> bool {
    name.starts_with("javax/") && !is_jdk(name)
}

const OBJECT: [&str; 9] = [
    "clone",
    "equals",
    "finalize",
    "getClass",
    "hashCode",
    "notify",
    "notifyAll",
    "toString",
    "wait",
];

/// Whether a type of the JDK declares a method of that name; nothing, if that is not known.
pub(super) fn declares(class: &str, method: &str) -> Option<bool> {
    let names: &[&str] = match class {
        "java/lang/Object" => &OBJECT,
        "java/io/Serializable"
        | "java/lang/Cloneable"
        | "java/lang/Record"
        | "java/util/EventListener" => &[],
        "java/lang/AutoCloseable" | "java/io/Closeable" => &["close"],
        "java/lang/Comparable" => &["compareTo"],
        "java/lang/Runnable" => &["run"],
        "java/lang/Enum" => &[
            "name",
            "ordinal",
            "compareTo",
            "getDeclaringClass",
            "valueOf",
            "describeConstable",
        ],
        _ => return None,
    };
    Some(names.contains(&method))
}

/// Whether a type of the JDK is known to have no fields that others use.
pub(super) fn has_no_fields(class: &str) -> bool {
    declares(class, "").is_some()
}

/// Whether code that catches this goes on when something is not there.
pub(super) fn catches_absence(exception: &str) -> bool {
    let Some(name) = exception.strip_prefix("java/lang/") else {
        return false;
    };
    matches!(
        name,
        "Throwable"
            | "Error"
            | "LinkageError"
            | "NoClassDefFoundError"
            | "ClassNotFoundException"
            | "ReflectiveOperationException"
            | "IncompatibleClassChangeError"
            | "NoSuchMethodError"
            | "NoSuchFieldError"
            | "AbstractMethodError"
            | "IllegalAccessError"
            | "ExceptionInInitializerError"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_jdk_are_told_from_others() {
        for name in [
            "java/lang/String",
            "javax/sql/DataSource",
            "sun/misc/Unsafe",
            "org/w3c/dom/Node",
        ] {
            assert!(is_jdk(name) && !is_java_ee(name), "{name}");
        }
        for name in [
            "javax/ws/rs/GET",
            "javax/transaction/Transaction",
            "javax/annotation/Nullable",
            "javax/xml/bind/JAXB",
        ] {
            assert!(!is_jdk(name) && is_java_ee(name), "{name}");
        }
        for name in [
            "com/sun/jna/Native",
            "jakarta/ws/rs/GET",
            "org/keycloak/Config",
        ] {
            assert!(!is_jdk(name) && !is_java_ee(name), "{name}");
        }
    }

    #[test]
    fn what_a_type_declares_is_known_or_not() {
        assert_eq!(declares("java/lang/Object", "toString"), Some(true));
        assert_eq!(declares("java/lang/Enum", "toDisplay"), Some(false));
        assert_eq!(declares("java/util/ArrayList", "toDisplay"), None);
        assert!(has_no_fields("java/lang/Enum") && !has_no_fields("java/awt/Point"));
    }
}
