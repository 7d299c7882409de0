// SPDX-License-Identifier: Apache-2.0

/// The fields of a form, in whichever of the two ways it was written.
enum FormFields {
    /// The value of the one field of each name, nil where there is none; nil altogether for a body that says it is something else.
    static func texts(_ names: [String], of body: [UInt8], declaredAs contentType: String?) -> [String?]? {
        let values: [[UInt8]?]
        if FormBody.isAssumed(by: contentType) {
            values = names.map { FormBody.field($0, of: body) }
        } else if let boundary = MultipartBody.boundary(in: contentType) {
            values = MultipartBody.fields(names, of: body, between: boundary)
        } else {
            return nil
        }
        return values.map { $0.flatMap { String(validating: $0, as: UTF8.self) } }
    }
}
